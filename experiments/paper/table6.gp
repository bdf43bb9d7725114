# title: Table 6: score by rank and by adapted weight matrices
# data: table6_cells.csv
# caption: Mean over the repetitions; the band is ± one standard deviation. Across: full fine-tuning (dashed)
# caption: and the frozen base (dotted). The paper says that {q,v} is flat from r = 1 on, and Wq alone below it.
load 'style.gp'
set output 'table6.svg'
set terminal svg size 980,400 font 'sans-serif,14' background 'white'
file = 'table6_cells.csv'
sets = 'q q+v q+k+v+o'; names = '"W_q" "W_q,W_v" "all four"'
eval panels
eval rank_axis('rank')
set yrange [0:105]
set xlabel 'rank r'
do for [task in tasks] {
  of(matrices, y) = strcol('task') eq task && strcol('targets') eq matrices ? y : NaN
  without(method) = strcol('task') eq task && strcol('method') eq method ? column('value_mean') : NaN
  set title task
  set ylabel score(task) offset 1,0
  plot for [i=1:3] file using (column('rank')):(of(word(sets, i), column('value_mean') - column('value_sd'))): \
                              (of(word(sets, i), column('value_mean') + column('value_sd'))) \
         with filledcurves linecolor rgb colour(i), \
       for [i=1:3] file using (column('rank')):(of(word(sets, i), column('value_mean'))) \
         with linespoints linecolor rgb colour(i) linewidth 2 pointtype points(i) pointsize 0.8, \
       file using (left):(without('full')):(right - left):(0) with vectors nohead linecolor rgb black dashtype 2, \
       file using (left):(without('frozen')):(right - left):(0) with vectors nohead linecolor rgb black dashtype 3
}
eval legend
plot NaN notitle, for [i=1:3] keyentry with linespoints linecolor rgb colour(i) linewidth 2 pointtype points(i) title word(names, i), \
     keyentry with lines linecolor rgb black dashtype 2 title 'full', \
     keyentry with lines linecolor rgb black dashtype 3 title 'frozen'
unset multiplot
