# title: Table 6: quality by rank and by adapted weight matrices
# data: table6_cells.csv
# caption: Mean over the repetitions, the band is ± one standard deviation. Lines across: full
# caption: fine-tuning (dashed) and the frozen base (dotted). The paper's claim is that {q,v} is flat
# caption: from r = 1 on.
load 'style.gp'
set output 'table6.svg'
set terminal svg size 960,360 font 'sans-serif,13' background 'white'
set multiplot layout 1,3
set logscale x 2
set xrange [0.85:19]
set xtics (1,2,4,8,16)
set yrange [0:105]
set xlabel 'rank r'
set ylabel 'score on the test set, %'
f = 'table6_cells.csv'
of(task, method, targets, y) = (strcol('task') eq task && strcol('method') eq method && strcol('targets') eq targets) ? y : NaN
do for [task in 'sqlgen nli reorder'] {
  set title task
  set key bottom right
  plot for [i=1:3] f using (column('rank')):(of(task,'lora',word('q q,v q,k,v,o',i),column('value_mean')-column('value_sd'))):(column('value_mean')+column('value_sd')) \
         with filledcurves fillcolor rgb word(colours,i) fillstyle transparent solid 0.18 noborder notitle, \
       for [i=1:3] f using (column('rank')):(of(task,'lora',word('q q,v q,k,v,o',i),column('value_mean'))) \
         with linespoints linecolor rgb word(colours,i) linewidth 2 pointtype points(i) pointsize 0.7 title word('W_q W_q,W_v all',i), \
       f using (0.9):(of(task,'full','',column('value_mean'))):(17.5):(0) with vectors nohead linecolor rgb black dashtype 2 title 'full', \
       f using (0.9):(of(task,'frozen','',column('value_mean'))):(17.5):(0) with vectors nohead linecolor rgb black dashtype 3 title 'frozen'
}
unset multiplot
