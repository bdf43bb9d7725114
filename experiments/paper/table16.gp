# title: Table 16: score by the number of training examples
# data: table16_cells.csv
# caption: Mean over the repetitions; the band is ± one standard deviation. The same number of steps and the same
# caption: learning rate for every n. Dotted: the frozen base.
load 'style.gp'
set output 'table16.svg'
set terminal svg size 980,400 font 'sans-serif,14' background 'white'
file = 'table16_cells.csv'
methods = 'lora full prefix-layer prefix-embedding'
eval panels
stats file using (column('examples') > 0 ? column('examples') : NaN) name 'n' nooutput
left = 0.8 * n_min; right = 1.25 * n_max
set logscale x 10
set xrange [left:right]
set format x '10^{%T}'
set yrange [0:105]
set xlabel 'training examples n'
do for [task in tasks] {
  of(method, y) = strcol('task') eq task && strcol('method') eq method ? y : NaN
  set title task
  set ylabel score(task) offset 1,0
  plot for [i=1:4] file using (column('examples')):(of(word(methods, i), column('value_mean') - column('value_sd'))): \
                              (of(word(methods, i), column('value_mean') + column('value_sd'))) \
         with filledcurves linecolor rgb colour(i), \
       for [i=1:4] file using (column('examples')):(of(word(methods, i), column('value_mean'))) smooth unique \
         with linespoints linecolor rgb colour(i) linewidth 2 pointtype points(i) pointsize 0.8, \
       file using (left):(of('frozen', column('value_mean'))):(right - left):(0) with vectors nohead linecolor rgb black dashtype 3
}
eval legend
plot NaN notitle, for [i=1:4] keyentry with linespoints linecolor rgb colour(i) linewidth 2 pointtype points(i) title word(methods, i), \
     keyentry with lines linecolor rgb black dashtype 3 title 'frozen'
unset multiplot
