# title: Known rank: is the knee of the loss at the rank that was planted?
# data: ../known-rank/known-rank.csv
# caption: What is left of the loss, against the rank of the student; a point for each usual teacher, lines are means.
# caption: Each colour is a planted rank r*, and the vertical line of that colour stands at it.
load 'style.gp'
set output 'known-rank-knee.svg'
set terminal svg size 760,420 font 'sans-serif,14' background 'white'
file = '../known-rank/known-rank.csv'
planted = '1 2 3 4 5 6 7 8'
left(true_rank) = strcol('teacher') eq 'uniform' && strcol('what') eq 'kl_left' && column('true_rank') == true_rank ? column('value') : NaN
set logscale y 10
set format y '10^{%T}'
set xrange [0.5:9.5]
set xtics 1
set xlabel 'rank r of the student'
set ylabel 'loss at the end ÷ at the start'
set key outside right center vertical noautotitle samplen 2
# What was not planted is left out of the legend, too.
shown = ''
do for [r in planted] {
  undefine S_*
  stats file using (left(int(r))) nooutput name 'S'
  if (exists('S_records')) {
    shown = shown . ' ' . r
    set arrow from first int(r), graph 0 to first int(r), graph 1 nohead linewidth 2 dashtype 2 linecolor rgb colour(words(shown))
  }
}
plot for [i=1:words(shown)] file using (column('index')):(left(int(word(shown, i)))) with points \
       linecolor rgb colour(i) pointtype points(i) pointsize 0.5, \
     for [i=1:words(shown)] file using (column('index')):(left(int(word(shown, i)))) smooth unique with linespoints \
       linecolor rgb colour(i) linewidth 2 pointtype points(i) pointsize 0.9 title 'r* = ' . word(shown, i)
