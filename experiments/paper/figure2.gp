# title: Figure 2 and Table 15: score against the number of trained parameters
# data: table15_cells.csv
# caption: Mean over the repetitions with ± one standard deviation; dotted: the frozen base. The paper finds LoRA
# caption: the best at its number of parameters, and prefixes that fall again where they are long.
load 'style.gp'
set output 'figure2.svg'
set terminal svg size 980,400 font 'sans-serif,14' background 'white'
file = 'table15_cells.csv'
methods = 'lora lora+prefix adapter-h adapter-l prefix-layer prefix-embedding full bitfit prompt-encoder top-layers'
set @three
set logscale x 10
set xrange [40:250000]
set format x '10^{%T}'
set yrange [0:105]
set xlabel 'trained parameters'
do for [task in tasks] {
  of(method) = strcol('task') eq task && strcol('method') eq method ? column('value_mean') : NaN
  set title task
  set ylabel score(task) offset 1,0
  plot for [i=1:10] file using (column('trainable')):(of(word(methods, i))):(column('value_sd')) \
         with yerrorbars linecolor rgb colour(i) pointtype points(i) pointsize 0.9, \
       file using (40):(of('frozen')):(200000):(0) with vectors nohead linecolor rgb black dashtype 3
}
eval legend
plot NaN notitle, for [i=1:10] keyentry with points linecolor rgb colour(i) pointtype points(i) title word(methods, i), \
     keyentry with lines linecolor rgb black dashtype 3 title 'frozen'
unset multiplot
