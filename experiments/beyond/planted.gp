# title: Planted: from which r on does LoRA suffice, where r* is known?
# data: ../planted/planted.csv ../planted/planted.directions.csv
# caption: A change of rank r* in q and v. Left: the part of the KL between teacher and base that is left to LoRA on {q,v},
# caption: a line and a dashed vertical line for each r*. Right: where the student's directions at the largest r lie in W
# caption: (0: as random ones, 1: W's first), against where those of the plant do, a point for each repetition.
load 'style.gp'
set output 'planted.svg'
set terminal svg size 980,430 font 'sans-serif,14' background 'white'
file = '../planted/planted.directions.csv'
eval collect('true_rank'); planted = kept('1 2 4 8')
found = file; file = '../planted/planted.csv'
set multiplot layout 1,2 margins 0.09,0.88,0.16,0.93 spacing 0.12,0
set logscale x 2
set xrange [0.85:19]
set xtics (1, 2, 4, 8, 16)
set logscale y 10
set format y '10^{%T}'
set xlabel 'rank r of the student'
set ylabel 'KL left ÷ KL of the base'
do for [i=1:words(planted)] {
  set arrow i from first int(word(planted, i)), graph 0 to first int(word(planted, i)), graph 1 nohead linewidth 1.5 dashtype 2 linecolor rgb colour(i)
}
of(r, y) = strcol('planted') eq 'q+v' && strcol('weights') eq 'q+v' && column('true_rank') == r ? y : NaN
plot for [i=1:words(planted)] file using (column('rank')):(of(int(word(planted, i)), column('left'))) smooth unique with linespoints \
       linecolor rgb colour(i) linewidth 2 pointtype points(i) pointsize 0.9
unset arrow
unset logscale
set format y '%g'
set xtics autofreq
set xrange [0:1]
set yrange [0:1]
set xlabel 'log-position of the plant'
set ylabel 'log-position of the student'
set key outside right center vertical samplen 1
plot x with lines linecolor rgb grey dashtype 2 notitle, \
     for [i=1:words(planted)] found using (column('true_rank') == int(word(planted, i)) ? column('log_position_true') : NaN):(column('log_position')) \
       with points linecolor rgb colour(i) pointtype points(i) pointsize 0.8 title 'r* = ' . word(planted, i)
unset multiplot
