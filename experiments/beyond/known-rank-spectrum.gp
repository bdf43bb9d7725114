# title: Known rank: the spectrum that was planted and the one that was recovered
# data: ../known-rank/known-rank.csv
# caption: Singular values of ΔW: bars are the planted change, dots those of the students, one for each usual teacher.
# caption: To the right of r* a student's singular values should be near zero.
load 'style.gp'
set output 'known-rank-spectrum.svg'
file = '../known-rank/known-rank.csv'
sigma(what, r) = strcol('teacher') eq 'uniform' && strcol('what') eq what && column('true_rank') == r ? column('value') : NaN
shown = ''
do for [r in '1 2 3 4 5 6 7 8'] {
  undefine S_*
  stats file using (sigma('sigma', int(r))) nooutput name 'S'
  if (exists('S_records')) { shown = shown . ' ' . r }
}
across = words(shown) < 3 ? words(shown) : 3
rows = (words(shown) + 2) / 3
set terminal svg size 980,(80 + 260 * rows) font 'sans-serif,14' background 'white'
set multiplot layout rows,across
set xrange [0.3:16.7]
set xtics (1, 2, 4, 8, 12, 16)
set yrange [0:*]
set boxwidth 0.7
set xlabel 'i'
set ylabel 'singular value σ_i'
set key top right
do for [r in shown] {
  set title 'r* = ' . r
  plot file using (column('index')):(sigma('sigma_true', int(r))) with boxes fillstyle solid 0.35 noborder linecolor rgb colour(2) title 'planted', \
       file using (column('index')):(sigma('sigma', int(r))) with points linecolor rgb colour(1) pointtype 7 pointsize 0.6 title 'recovered'
}
unset multiplot
