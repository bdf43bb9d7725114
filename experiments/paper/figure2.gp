# title: Figure 2 and Table 15: score against the number of trained parameters
# data: table15_cells.csv
# caption: Mean over the repetitions with ± one standard deviation; dotted: the frozen base. What would hide another
# caption: stands to the right of it; of equal size are the prefixes and LoRA on all four matrices, on q and v, and
# caption: on v. The paper finds LoRA the best at its number of parameters, and prefixes that fall again where they
# caption: are long.
load 'style.gp'
set output 'figure2.svg'
file = 'table15_cells.csv'
eval collect_tasks
height = 120.0 + 215 * words(tasks)
set terminal svg size 980,height font 'sans-serif,14' background 'white'
methods = 'lora lora+prefix adapter-h adapter-l prefix-layer prefix-embedding full bitfit prompt-encoder top-layers'
# Where each stands: from the smallest on at its size, but a marker's width from the one before.
kind(unused) = strcol('method') . '/' . strcol('targets') . '/' . strcol('trainable')
stats file using (column('trainable') > 0 ? column('trainable') : NaN) name 'trained' nooutput
size = 0; last = 0; places = ''
while (size < trained_max) {
  stats file using (column('trainable') > size ? column('trainable') : NaN) name 'larger' nooutput
  size = larger_min
  seen = ''
  stats file using (column('trainable') == size ? see(kind(0)) : NaN) nooutput
  do for [each in seen] {
    last = size > 1.065 * last ? size : 1.065 * last
    places = places . sprintf(' %s= %.0f', each, last)
  }
}
place(kind) = (from = strstrt(places, ' ' . kind . '= '), from == 0 ? NaN : real(word(places[from:*], 2)))
or_0(x) = x == x ? x : 0  # one run alone has no deviation, and is a point all the same
# The axis names the sizes of LoRA and of everything.
set logscale x 10
set xrange [trained_min / 1.3:trained_max * 1.3]
seen = ''
stats file using (strcol('method') eq 'lora' || strcol('method') eq 'full' ? see(strcol('trainable')) : NaN) nooutput
set xtics ()
set for [size in seen] xtics add (size int(size))
set yrange [0:105]
set multiplot layout words(tasks),1 margins 0.075,0.985,140 / height,(height - 30) / height spacing 0,75 / height
do for [task in tasks] {
  of(method) = strcol('task') eq task && strcol('method') eq method ? column('value_mean') : NaN
  set title task offset 0,-0.5
  set ylabel score(task) offset 1,0
  set xlabel (task eq word(tasks, words(tasks)) ? 'trained parameters' : '')
  plot for [i=1:10] file using (place(kind(0))):(of(word(methods, i))):(or_0(column('value_sd'))) \
         with yerrorbars linecolor rgb colour(i) pointtype points(i) pointsize 0.8, \
       file using (trained_min / 1.3):(of('frozen')):(1.7 * trained_max):(0) with vectors nohead linecolor rgb black dashtype 3
}
eval legend
set size 1,80 / height
plot NaN notitle, for [i=1:10] keyentry with points linecolor rgb colour(i) pointtype points(i) title word(methods, i), \
     keyentry with lines linecolor rgb black dashtype 3 title 'frozen'
unset multiplot
