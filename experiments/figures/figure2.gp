# title: Figure 2: score against the number of trained parameters
# data: table15_cells.csv
# caption: Mean over the repetitions ± one standard deviation; the dotted line is the frozen base. The
# caption: paper's claim is that LoRA is the best of the methods at its number of parameters, and that
# caption: the prefix methods fall again where their prefix is long.
load 'style.gp'
set output 'figure2.svg'
set terminal svg size 960,460 font 'sans-serif,13' background 'white'
set multiplot layout 1,3 margins 0.085,0.985,0.36,0.90 spacing 0.05
set logscale x 10
set xrange [200:250000]
set xtics ('10^3' 1e3, '10^4' 1e4, '10^5' 1e5)
set yrange [0:105]
set xlabel 'trained parameters'
f = 'table15_cells.csv'
methods = 'lora lora+prefix adapter-h adapter-l prefix-embedding prefix-layer prompt-encoder bitfit top-layers full'
series(task, method) = strcol('task') eq task && strcol('method') eq method
of(task, method, y) = series(task, method) ? y : NaN
tasks = 'sqlgen nli reorder'
do for [t=1:3] {
  task = word(tasks, t)
  set title task
  set ylabel (t == 1 ? 'score on the test set, %' : '')
  if (t == 2) { set key at screen 0.5,0.01 center bottom maxrows 3 } else { unset key }
  plot for [i=1:10] f using (of(task, word(methods, i), column('trainable'))):(column('value_mean')):(column('value_sd')) \
         with yerrorbars linecolor rgb word(colours, i) pointtype points(i) pointsize 0.8 title word(methods, i), \
       f using (200):(of(task, 'frozen', column('value_mean'))):(250000-200):(0) with vectors nohead linecolor rgb black dashtype 3 title 'frozen'
}
unset multiplot
