# title: What an adapter shows
# data: analyse.csv analyse.levels.csv
# caption: Above, the singular values of ΔW C^{1/2} over the first, for each matrix, of the adapter and of that on permuted
# caption: labels; below the dashed line the rule counts none. Below, how much of W lies between the directions of ΔW,
# caption: beside what random directions, one random side, noise, and W's own directions give.
load 'style.gp'
set output 'analyse.svg'
file = 'analyse.csv'; levels = 'analyse.levels.csv'
eval collect('matrix')
matrices = seen
stats file using (column('i')) name 'I' nooutput
eval collect('role'); roles = kept('adapter shuffled')
names = 'random "ΔW''s inputs" "ΔW''s outputs" noise ΔW "W''s own"'
kinds = 'random inputs_kept outputs_kept noise change w'
n = words(matrices)
set terminal svg size 120 + 230 * n,600 font 'sans-serif,12' background 'white'
set multiplot layout 2,n margins 85.0 / (120 + 230 * n),1 - 30.0 / (120 + 230 * n),0.17,0.94 spacing 55.0 / (120 + 230 * n),0.14
do for [m=1:n] {
  of(y, role) = strcol('matrix') eq word(matrices, m) && strcol('role') eq role ? y : NaN
  set title word(matrices, m) noenhanced offset 0,-0.6
  if (m == 1) { set ylabel 'of the first' offset 1,0 } else { unset ylabel }
  set xlabel 'i' offset 0,0.6
  set logscale y 10
  set yrange [0.001:1.5]
  set xrange [0.5:I_max + 0.5]
  set xtics 1,I_max > 8 ? 3 : 1
  plot 0.065 with lines linecolor rgb grey dashtype 2, \
       for [k=1:words(roles)] file using (of(column('i'), word(roles, k))):(column('whitened_over_first')) \
         with linespoints linecolor rgb colour(k) linewidth 2 pointtype points(k) pointsize 0.7
}
do for [m=1:n] {
  unset title
  place(kind) = kind eq 'random' ? 1 : kind eq 'inputs_kept' ? 2 : kind eq 'outputs_kept' ? 3 : kind eq 'noise' ? 4 : \
    kind eq 'change' ? 5 : 6
  of(y, role) = strcol('matrix') eq word(matrices, m) && strcol('role') eq role ? y : NaN
  if (m == 1) { set ylabel '‖U^TWV‖' offset 1,0 } else { unset ylabel }
  unset xlabel
  set logscale y 10
  set yrange [*:*]
  set xrange [0.5:6.5]
  set xtics () rotate by -35
  set for [k=1:6] xtics add (word(names, k) k)
  plot for [k=1:words(roles)] levels using (of(place(strcol('level')), word(roles, k)) + 0.1 * (2 * k - 3)):(column('value')) \
         with points linecolor rgb colour(k) pointtype points(k) pointsize 0.9
}
eval legend
set size 1,0.05
plot NaN notitle, for [k=1:words(roles)] keyentry with linespoints linecolor rgb colour(k) linewidth 2 pointtype points(k) title k == 1 ? 'the adapter' : 'permuted labels'
unset multiplot
