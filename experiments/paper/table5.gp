# title: Table 5: where to spend a fixed number of parameters
# data: table5_cells.csv
# caption: Mean over the repetitions with ± one standard deviation. All bars of one colour train about as many
# caption: parameters: one matrix at r = 8, two at r = 4, four at r = 2. Orange: beyond the paper, with the MLP. The number is r.
# caption: Across: full fine-tuning (dashed) and the frozen base (dotted).
load 'style.gp'
set output 'table5.svg'
set terminal svg size 980,325 font 'sans-serif,14' background 'white'
file = 'table5_cells.csv'
rows = 'q:8 k:8 v:8 o:8 q+k:4 q+v:4 q+k+v+o:2 up+down:2 up+down:4 q+k+v+o:5 q+k+v+o+up+down:1 q+k+v+o+up+down:2'
names = 'q k v o q,k q,v all MLP MLP all all+MLP all+MLP'
matrices(i) = (text = word(rows, i), text[1:strstrt(text, ':') - 1])
rank(i) = (text = word(rows, i), int(text[strstrt(text, ':') + 1:*]))
eval collect_tasks
set multiplot layout 1,words(tasks) margins 0.075,0.985,0.28,0.85 spacing 0.085,0
set xrange [0.3:12.7]
set yrange [0:105]
set xtics rotate by 90 right scale 0 ()
set for [i=1:12] xtics add (sprintf('%s %d', word(names, i), rank(i)) i)
set boxwidth 0.7
do for [task in tasks] {
  of(i) = strcol('task') eq task && strcol('targets') eq matrices(i) && column('rank') == rank(i) ? column('value_mean') : NaN
  without(method) = strcol('task') eq task && strcol('method') eq method ? column('value_mean') : NaN
  set title task
  set ylabel score(task) offset 1,0
  plot for [i=1:12] file using (i):(of(i)) with boxes fillstyle solid 0.75 noborder linecolor rgb colour(i < 8 ? 2 : 1), \
       for [i=1:12] file using (i):(of(i) - column('value_sd')):(0):(2 * column('value_sd')) with vectors nohead linecolor rgb black linewidth 1.5, \
       file using (0.4):(without('full')):(12.2):(0) with vectors nohead linecolor rgb black dashtype 2, \
       file using (0.4):(without('frozen')):(12.2):(0) with vectors nohead linecolor rgb black dashtype 3
}
unset multiplot
