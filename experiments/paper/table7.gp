# title: Table 7: how much of W lies in the directions of ΔW
# data: ../table7/table7.csv
# caption: ‖UᵀWV‖ of Wq in the last block, logarithmic, with U and V the first r directions of W, of ΔW, and random
# caption: ones; a point for each run, the line is their mean. Above α is fixed, as in the paper; below α grows with r.
# caption: Random directions give ‖W‖ r / d; a change with permuted labels has learned its examples by heart. Distance from ‖ΔW‖ down to the ΔW row is the amplification.
load 'style.gp'
set output 'table7.svg'
set terminal svg size 980,640 font 'sans-serif,14' background 'white'
file = '../table7/table7.csv'
rows = 'delta_norm in_w in_delta in_random in_delta'
labels = 'true true true true permuted'
names = '"‖ΔW‖" W ΔW random "ΔW, permuted labels"'
block = 'blocks.1.attn.q'
eval collect_tasks
set multiplot layout 2,words(tasks) margins 0.08,0.985,0.17,0.94 spacing 0.085,0.16
eval rank_axis('r')
set logscale y 10
set yrange [0.001:300]
set format y '10^{%T}'
set xlabel 'rank r' offset 0,0.4
do for [rule in 'fixed proportional'] {
  do for [task in tasks] {
    of(i) = strcol('task') eq task && strcol('matrix') eq block && strcol('alpha') eq rule && strcol('labels') eq word(labels, i) ? column(word(rows, i)) : NaN
    set title task . (rule eq 'fixed' ? ', α fixed' : ', α ∝ r') offset 0,-0.6
    set ylabel '‖U^TWV‖' offset 1,0
    plot for [i=1:5] file using (column('r')):(of(i)) with points \
           linecolor rgb colour(i) pointtype points(i) pointsize 0.5, \
         for [i=1:5] file using (column('r')):(of(i)) smooth unique with linespoints \
           linecolor rgb colour(i) linewidth 2 pointtype points(i) pointsize 0.9
  }
}
eval legend
set size 1,0.07
plot NaN notitle, for [i=1:5] keyentry with linespoints linecolor rgb colour(i) linewidth 2 pointtype points(i) title word(names, i)
unset multiplot
