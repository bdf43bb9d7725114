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
tasks = 'sqlgen nli reorder'
# What the score of a task is.
score(task) = task eq 'nli' ? 'accuracy, %' : 'exact match, %'
# Three tasks beside each other, and below them one legend: `@legend` empties the page's foot for a plot of
# keyentries.
three = "multiplot layout 1,3 margins 0.075,0.985,0.37,0.87 spacing 0.085,0"
legend = "reset; set margins 0,0,0,0; set origin 0,0; set size 1,0.19; unset border; unset tics; \
set key center center horizontal samplen 2 width 2; set xrange [0:1]; set yrange [0:1]"
