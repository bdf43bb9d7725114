# What the figures share. Colours are those of Okabe and Ito, which colour-blind readers tell apart; series
# differ in their points too. Data are CSV with a head: a text is strcol('task'), a number column('rank'), and
# NaN leaves a line of the file out of a series.
set encoding utf8
set datafile separator comma
set datafile columnheaders
set datafile missing NaN
black = '#000000'; grey = '#777777'
colours = '#D55E00 #0072B2 #009E73 #CC79A7 #E69F00 #56B4E9 #000000 #8C6D1F #7B4FA3 #777777'
colour(i) = word(colours, i)
points(i) = int(word('7 5 9 13 11 6 4 8 12 10', i))
set border 3 linewidth 1 linecolor rgb grey
set tics nomirror textcolor rgb black
set grid ytics linecolor rgb '#e4e4e4' linewidth 1 dashtype 1
set key off
set pointintervalbox 0
set style fill transparent solid 0.18 noborder
# Corrected similarity: below chance blue, chance white, above orange. And a plain one from 0 to 1.
diverging = "defined (-1 '#0072B2', -0.5 '#7FB8D8', 0 '#FFFFFF', 0.5 '#EAAE80', 1 '#D55E00')"
sequential = "defined (0 '#FFFFFF', 0.25 '#C9DDEC', 0.5 '#7FB2D6', 0.75 '#2F7CB5', 1 '#0B3C6B')"
# What the score of a task is.
score(task) = task eq 'nli' ? 'accuracy, %' : 'exact match, %'
# What a column of `file` holds, each text once: `eval collect('rank')`, and then kept(list) are those of a list,
# in its order.
see(text) = strstrt(seen . ' ', ' ' . text . ' ') > 0 ? 0 : (seen = seen . ' ' . text, 0)
collect(name) = sprintf("seen = ''; stats file using (see(strcol('%s'))) nooutput", name)
kept_from(list, i) = i > words(list) ? '' : \
  (strstrt(seen . ' ', ' ' . word(list, i) . ' ') > 0 ? word(list, i) . ' ' : '') . kept_from(list, i + 1)
kept(list) = kept_from(list, 1)
collect_tasks = collect('task') . "; tasks = kept('sqlgen nli reorder')"
# The ranks that were run, and an axis that has and names no others; `left` and `right` are its ends.
up_to(n) = n < 1 ? '' : up_to(n - 1) . sprintf('%d ', n)
collect_ranks(name) = collect(name) . "; ranks = kept(up_to(64))"
rank_axis(name) = collect_ranks(name) . "; set logscale x 2; left = 0.85 * word(ranks, 1); \
right = 1.18 * word(ranks, words(ranks)); set xrange [left:right]; set xtics (); \
set for [i=1:words(ranks)] xtics add (word(ranks, i) int(word(ranks, i)))"
# The tasks that were run beside each other, and below them one legend: `eval legend` empties the page's foot for
# a plot of keyentries.
panels = collect_tasks . "; set multiplot layout 1,words(tasks) margins 0.085,0.985,0.37,0.87 spacing 0.09,0"
legend = "reset; set margins 0,0,0,0; set origin 0,0; set size 1,0.19; unset border; unset tics; \
set key center center horizontal samplen 2 width 2; set xrange [0:1]; set yrange [0:1]"
