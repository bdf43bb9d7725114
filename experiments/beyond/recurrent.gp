# title: LoRA on an LSTM and a GRU: score by rank and weights
# data: ../recurrent/recurrent.csv
# caption: Mean over the repetitions; the band is ± one standard deviation. Across: full fine-tuning (dashed) and the
# caption: frozen base (dotted). weight_ih reads the input, weight_hh the state.
load 'style.gp'
set output 'recurrent.svg'
set terminal svg size 980,640 font 'sans-serif,14' background 'white'
file = '../recurrent/recurrent.csv'
sets = 'ih hh ih+hh'; names = '"weight_ih" "weight_hh" "both"'
eval collect_tasks
eval collect('architecture'); networks = kept('lstm gru')
set multiplot layout words(networks),words(tasks) margins 0.085,0.985,0.17,0.94 spacing 0.085,0.16
eval collect_ranks('rank')
set logscale x 2
left = 0.85 * word(ranks, 1); right = 1.18 * word(ranks, words(ranks))
set xrange [left:right]
set xtics ()
set for [i=1:words(ranks)] xtics add (word(ranks, i) int(word(ranks, i)))
set yrange [0:105]
set xlabel 'rank r' offset 0,0.4
do for [network in networks] {
  do for [task in tasks] {
    here(y) = strcol('task') eq task && strcol('architecture') eq network ? y : NaN
    of(weights, y) = strcol('weights') eq weights ? here(y) : NaN
    without(method) = strcol('method') eq method ? here(column('score')) : NaN
    set title (network eq 'lstm' ? 'LSTM, ' : 'GRU, ') . task offset 0,-0.6
    set ylabel score(task) offset 1,0
    plot for [i=1:3] file using (column('rank')):(of(word(sets, i), column('score') - column('sd'))): \
                                (of(word(sets, i), column('score') + column('sd'))) smooth unique \
           with filledcurves linecolor rgb colour(i), \
         for [i=1:3] file using (column('rank')):(of(word(sets, i), column('score'))) smooth unique \
           with linespoints linecolor rgb colour(i) linewidth 2 pointtype points(i) pointsize 0.8, \
         file using (left):(without('full')):(right - left):(0) with vectors nohead linecolor rgb black dashtype 2, \
         file using (left):(without('frozen')):(right - left):(0) with vectors nohead linecolor rgb black dashtype 3
  }
}
eval legend
set size 1,0.07
plot NaN notitle, for [i=1:3] keyentry with linespoints linecolor rgb colour(i) linewidth 2 pointtype points(i) title word(names, i), \
     keyentry with lines linecolor rgb black dashtype 2 title 'full', \
     keyentry with lines linecolor rgb black dashtype 3 title 'frozen'
unset multiplot
