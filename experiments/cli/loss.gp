# title: Loss by step
# data: loss.csv
# caption: The loss of each training step, its running mean, and at ten steps the loss on validation examples.
load 'style.gp'
set output 'loss.svg'
set terminal svg size 720,360 font 'sans-serif,14' background 'white'
file = 'loss.csv'
stats file using (column('step')) name 'steps' nooutput
window = 1 + int(steps_max / 60)
running = 0.0; begun = 0
smooth(y) = (running = begun ? running + (y - running) / window : y, begun = 1, running)
set key top right samplen 2
set yrange [0:*]
set xlabel 'step'
set ylabel 'loss, nats per target token' offset 1,0
plot file using (column('step')):(column('train_nll')) with lines linecolor rgb '#b8cfe2' title 'each step', \
     file using (column('step')):(smooth(column('train_nll'))) with lines linecolor rgb colour(2) linewidth 2 \
       title 'running mean', \
     file using (column('step')):(column('validation_nll')) with points linecolor rgb colour(1) pointtype points(1) \
       pointsize 0.9 title 'validation'
