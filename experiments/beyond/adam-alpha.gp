# title: α against the learning rate, under Adam and under SGD
# data: adam-alpha_cells.csv
# caption: LoRA on {q,v} at r = 4; each field is a mean score on the test set in %. Where α only
# caption: scales the learning rate, equal scores lie on falling diagonals: twice the α is as good as
# caption: half the rate (Adam's first step goes as α lr) or a quarter of it (SGD's as α² lr).
load 'style.gp'
set output 'adam-alpha.svg'
set terminal svg size 960,400 font 'sans-serif,13' background 'white'
set multiplot layout 1,2 margins 0.07,0.91,0.17,0.88 spacing 0.09
unset grid
set style fill solid 1
set logscale xy
set xlabel 'peak learning rate'
set cbrange [0:100]
set palette defined (0 '#ffffff', 50 '#56B4E9', 100 '#08306b')
f = 'adam-alpha_cells.csv'
of(optimizer, y) = (strcol('optimizer') eq optimizer && strcol('method') eq 'lora') ? y : NaN
do for [i=1:2] {
  optimizer = word('adamw sgd', i)
  set title word('Adam SGD', i)
  set ylabel (i == 1 ? 'α' : '')
  if (i == 2) { set colorbox; set cblabel 'score, %' } else { unset colorbox }
  set autoscale xy  # stats looks only at what lies within the ranges
  stats f using (of(optimizer, column('lr'))) nooutput
  low = STATS_min / 2; high = STATS_max * 2
  stats f using (of(optimizer, column('alpha'))) nooutput
  set xrange [low:high]
  set yrange [STATS_min/2:STATS_max*2]
  plot f using (of(optimizer, column('lr'))):(column('alpha')):(column('value_mean')) \
         with points pointtype 5 pointsize 4 linecolor palette, \
       f using (of(optimizer, column('lr'))):(column('alpha')):(sprintf('%.0f', column('value_mean'))) \
         with labels textcolor rgb '#000000' font ',11' offset 0,-1.6
}
unset multiplot
