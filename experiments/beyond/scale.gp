# title: What r = 1 loses in larger models
# data: ../scale/scale.csv
# caption: sqlgen, LoRA on q and v: by how many points a small rank lies below the largest one, with the 95 % interval
# caption: over repetitions. Left against the width of a model of two layers, right against the number of adapted
# caption: directions, layers × matrices × r, at width 64, where a line is one rank and its points are depths.
load 'style.gp'
set output 'scale.svg'
file = '../scale/scale.csv'
eval collect_ranks('rank')
small = words(ranks) > 1 ? words(ranks) - 1 : 1  # all but the largest, against which they are measured
set terminal svg size 860,430 font 'sans-serif,14' background 'white'
set multiplot layout 1,2 margins 0.08,0.985,0.17,0.87 spacing 0.09,0
set logscale x 2
set ylabel 'points below the largest rank' offset 1,0
set yrange [*<0:*]
set xzeroaxis linecolor rgb grey
of(r, field, value) = column('rank') == r && column(field) == value ? column('gap') : NaN
shift(i) = 1 + 0.03 * (i - 1)  # so that the intervals do not hide each other

set title 'depth 2'
set xlabel 'width d_{model}'
set xtics (32, 64, 128, 256)
eval collect('width')
left = 0.85 * word(kept('32 64 128 256'), 1)
set xrange [left:300]
plot for [i=1:small] file using (column('width') * shift(i)):(of(word(ranks, i), 'depth', 2)):(column('low')):(column('high')) \
       with yerrorbars linecolor rgb colour(i) pointtype points(i) pointsize 0.8 notitle, \
     for [i=1:small] file using (column('width') * shift(i)):(of(word(ranks, i), 'depth', 2)) \
       with linespoints linecolor rgb colour(i) linewidth 2 pointtype points(i) pointsize 0.8 notitle

set title 'width 64'
set xlabel 'adapted directions'
set xtics (2, 4, 8, 16, 32, 64, 128)
set xrange [1.7:*]
set key top right samplen 2
plot for [i=1:small] file using (column('directions') * shift(i)):(of(word(ranks, i), 'width', 64)):(column('low')):(column('high')) \
       with yerrorbars linecolor rgb colour(i) pointtype points(i) pointsize 0.8 notitle, \
     for [i=1:small] file using (column('directions') * shift(i)):(of(word(ranks, i), 'width', 64)) \
       with linespoints linecolor rgb colour(i) linewidth 2 pointtype points(i) pointsize 0.8 title 'r = ' . word(ranks, i)
unset multiplot
