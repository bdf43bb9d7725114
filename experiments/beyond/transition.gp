# title: Where r = 1 suffices: facts, rank and examples
# data: ../transition/transition.csv ../transition/transition.line.csv
# caption: sqlgen, LoRA on q and v. Colour: by how many points the mean score lies below that of the largest rank, which
# caption: is white. The line is the smallest sufficient rank, within 3 points of the largest one, as K words change their
# caption: meaning; its band is the central 95 % of a bootstrap over bases and seeds. At its foot r = 1 suffices.
load 'style.gp'
set output 'transition.svg'
file = '../transition/transition.csv'; line = '../transition/transition.line.csv'
eval collect('n'); sizes = kept('100 400 1600')
eval collect_ranks('rank')
set terminal svg size 980,430 font 'sans-serif,14' background 'white'
set multiplot layout 1,words(sizes) margins 0.07,0.88,0.17,0.87 spacing 0.05,0
unset grid
set border 15
set style fill solid 1 noborder
set logscale y 2
set yrange [word(ranks, 1) / sqrt(2):word(ranks, words(ranks)) * sqrt(2)]
set ytics () scale 0.5
set for [i=1:words(ranks)] ytics add (word(ranks, i) int(word(ranks, i)))
set autoscale xfix
set xtics out scale 0.5
set xlabel 'K, new facts'
set palette defined (-60 '#7A2F00', -30 '#D55E00', -10 '#EAAE80', -3 '#F9E7DA', 0 '#FFFFFF')
set cbrange [-60:0]
set cblabel 'points below the largest rank' offset 0.5,0
do for [s=1:words(sizes)] {
  of(y) = strcol('n') eq word(sizes, s) ? y : NaN
  set title sprintf('n = %s examples', word(sizes, s))
  if (s == 1) { set ylabel 'rank r' offset 1,0 } else { unset ylabel }
  if (s == words(sizes)) { set colorbox user origin 0.9,0.17 size 0.015,0.70 } else { unset colorbox }
  plot file using (of(column('K'))):(column('rank')):(column('K_from')):(column('K_to')): \
         (column('rank') / sqrt(2)):(column('rank') * sqrt(2)):(column('gap')) \
         with boxxyerror linecolor palette fillstyle solid 1 noborder, \
       line using (of(column('K'))):(column('low')):(column('high')) \
         with filledcurves linecolor rgb '#0072B2' fillstyle transparent solid 0.3, \
       line using (of(column('K'))):(column('rank_needed')) \
         with linespoints linecolor rgb black linewidth 2 pointtype 7 pointsize 0.7
}
unset multiplot
