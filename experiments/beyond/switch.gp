# title: How many examples it takes to find a switch
# data: ../switch/switch.csv
# caption: nli: the share of runs that solved the task, from 90 % accuracy on, against the number of training examples,
# caption: with its exact 95 % interval. What can be told without the switch is at most 59 %.
load 'style.gp'
set output 'switch.svg'
file = '../switch/switch.csv'
set terminal svg size 780,430 font 'sans-serif,14' background 'white'
rows = '"q r=1" "q r=8" "q+v r=1" "q+v r=8" "full"'
set logscale x 2
set xtics (250, 500, 1000, 2000, 4000, 8000, 16000)
set xrange [210:19000]
set yrange [-0.02:1.02]
set xlabel 'examples n'
set ylabel 'share of runs that solved it'
set key outside right top samplen 2 width -2
set lmargin 9
of(row, y) = strcol('row') eq row ? y : NaN
shift(i) = 1 + 0.03 * (i - 3)  # so that the intervals do not hide each other
plot for [i=1:5] file using (column('n') * shift(i)):(of(word(rows, i), column('share'))):(column('low')):(column('high')) \
       with yerrorbars linecolor rgb colour(i) pointtype points(i) pointsize 0.8 title word(rows, i), \
     for [i=1:5] file using (column('n') * shift(i)):(of(word(rows, i), column('share'))) \
       with lines linecolor rgb colour(i) linewidth 2 notitle
