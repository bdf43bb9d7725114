# title: Figure 3 and Table 7 against the size of the step
# data: ../step-size/step-size.csv
# caption: LoRA on q and v, mean over the adapted matrices, with the 95 % t interval over the repetitions. Above: the
# caption: learning rate varies; below: α, at the recorded rate. From the left: the score at r = 4 and, dashed, at r = 16;
# caption: φ(1,1) between r = 8 and r = 16, corrected for chance, so that 0 is chance; at r = 4 ‖ΔW‖/‖W‖, the
# caption: amplification factor, and the log-position, 0 for random directions and 1 for W's own. Grey: the paper's value.
load 'style.gp'
set output 'step-size.svg'
set terminal svg size 1280,640 font 'sans-serif,13' background 'white'
file = '../step-size/step-size.csv'
eval collect_tasks
quantities = 'score top relative factor position'
heads = '"score, %" "shared direction φ(1,1)" "‖ΔW‖/‖W‖" "amplification factor" "log-position"'
paper = '-1 0.5 0.11 21.6 0.40'  # none for the score
set multiplot layout 2,5 margins 0.035,0.98,0.165,0.93 spacing 0.045,0.15
do for [row=1:2] {
  axis = word('lr alpha', row)
  unset logscale
  set logscale x (row == 1 ? 10 : 2)
  set format x (row == 1 ? '10^{%T}' : '%g')
  set xlabel (row == 1 ? 'learning rate' : 'α')
  do for [q=1:5] {
    of(task, name) = strcol('axis') eq axis && strcol('task') eq task && strcol('matrix') eq 'all' && strcol('quantity') eq name
    set title (row == 1 ? word(heads, q) : '')
    set yrange [*:*]
    if (q == 1) { set yrange [0:100] }
    if (q == 3 || q == 4) { set logscale y 2 } else { unset logscale y }
    set format y '%.3g'
    if (q == 3) { set ytics 4 } else { set ytics autofreq }
    if (q == 2 || q == 5) { set xzeroaxis linecolor rgb grey linewidth 1 } else { unset xzeroaxis }
    name = word(quantities, q)
    dashed = q == 1 ? 'score_more' : name  # elsewhere below the line itself
    plot for [t=1:words(tasks)] file using (column(axis)):(of(word(tasks, t), name) ? column('low') : NaN):(column('high')) \
           with filledcurves linecolor rgb colour(t), \
         for [t=1:words(tasks)] file using (column(axis)):(of(word(tasks, t), name) ? column('mean') : NaN) \
           with linespoints linecolor rgb colour(t) linewidth 2 pointtype points(t) pointsize 0.7, \
         for [t=1:words(tasks)] file using (column(axis)):(of(word(tasks, t), dashed) ? column('mean') : NaN) \
           with lines linecolor rgb colour(t) linewidth 2 dashtype 2, \
         real(word(paper, q)) < 0 ? NaN : real(word(paper, q)) with lines linecolor rgb grey dashtype 3 linewidth 2
  }
}
eval legend
set size 1,0.08
plot NaN notitle, for [t=1:words(tasks)] keyentry with linespoints linecolor rgb colour(t) linewidth 2 pointtype points(t) title word(tasks, t), \
     keyentry with lines linecolor rgb grey dashtype 3 linewidth 2 title 'the paper'
unset multiplot
