# title: Table 16: score by the number of training examples
# data: table16_cells.csv
# caption: Mean over the repetitions; the band is ± one standard deviation. The same number of steps and the same
# caption: learning rate for every n. Dotted: the frozen base.
load 'style.gp'
set output 'table16.svg'
set terminal svg size 980,400 font 'sans-serif,14' background 'white'
file = 'table16_cells.csv'
methods = 'lora full prefix-layer prefix-embedding'
set @three
set logscale x 10
set xrange [80:40000]
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
       file using (80):(of('frozen', column('value_mean'))):(35000):(0) with vectors nohead linecolor rgb black dashtype 3
}
eval legend
plot NaN notitle, for [i=1:4] keyentry with linespoints linecolor rgb colour(i) linewidth 2 pointtype points(i) title word(methods, i), \
     keyentry with lines linecolor rgb black dashtype 3 title 'frozen'
unset multiplot
