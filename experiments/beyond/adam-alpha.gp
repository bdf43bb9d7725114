# title: α against the learning rate, under Adam and under SGD
# data: adam-alpha_cells.csv
# caption: LoRA on {q,v} at r = 4, on the task that is named; each field is a mean score on the test set in %.
# caption: Where α only scales the learning rate, equal scores lie on falling diagonals: twice the α is as good as
# caption: half the rate (Adam's first step goes as α lr) or a quarter of it (SGD's as α² lr).
load 'style.gp'
set output 'adam-alpha.svg'
set terminal svg size 960,400 font 'sans-serif,13' background 'white'
file = 'adam-alpha_cells.csv'
eval collect('task')
task = word(seen, 1)
set multiplot layout 1,2 margins 0.07,0.91,0.17,0.89 spacing 0.09
unset grid
set border 15
set tics scale 0
set logscale xy
set xlabel 'peak learning rate'
set cbrange [0:100]
set cbtics scale 0.5
set palette defined (0 '#ffffff', 50 '#56B4E9', 100 '#08306b')
set style fill solid 1 border linecolor rgb grey
run_with(optimizer) = strcol('optimizer') eq optimizer && strcol('method') eq 'lora'
of(optimizer, y) = run_with(optimizer) ? y : NaN
# An axis with the values that were run, each a constant factor above the one before: a field reaches half the way
# to its neighbours, from x / near to x * near. (stats would see only what lies within the ranges.)
fields(axis, near, name) = sprintf("seen = ''; set autoscale xy; \
stats file using (run_with(optimizer) ? (see(strcol('%s')), column('%s')) : NaN) nooutput; \
%s = words(seen) > 1 ? (STATS_max / STATS_min)**(0.5 / (words(seen) - 1)) : 2; \
%s_low = STATS_min / %s; %s_high = STATS_max * %s; \
set %stics (); set for [i=1:words(seen)] %stics add (word(seen, i) real(word(seen, i)))", \
name, name, near, axis, near, axis, near, axis, axis)
do for [o=1:2] {
  optimizer = word('adamw sgd', o)
  set title word('Adam SGD', o) . ', ' . task
  set ylabel (o == 1 ? 'α' : '')
  if (o == 2) { set colorbox; set cblabel 'score, %' } else { unset colorbox }
  eval fields('x', 'wide', 'lr')
  eval fields('y', 'high', 'alpha')
  set xrange [x_low:x_high]
  set yrange [y_low:y_high]
  score_in(low, high) = (y = of(optimizer, column('value_mean')), y >= low && y < high ? sprintf('%.0f', y) : '')
  plot file using (of(optimizer, column('lr'))):(column('alpha')):(column('lr') / wide):(column('lr') * wide): \
                  (column('alpha') / high):(column('alpha') * high):(column('value_mean')) \
         with boxxyerror linecolor palette, \
       file using (of(optimizer, column('lr'))):(column('alpha')):(score_in(0, 55)) with labels, \
       file using (of(optimizer, column('lr'))):(column('alpha')):(score_in(55, 101)) with labels textcolor rgb '#ffffff'
}
unset multiplot
