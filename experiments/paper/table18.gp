# title: Table 18: validation loss by rank
# data: table18_cells.csv
# caption: LoRA on q and v: mean over the repetitions, the band is ± one standard deviation. Dashed: full
# caption: fine-tuning. At r = 64 = d, ΔW is of full rank.
load 'style.gp'
set output 'table18.svg'
set terminal svg size 980,400 font 'sans-serif,14' background 'white'
file = 'table18_cells.csv'
eval panels
eval rank_axis('rank')
set yrange [0:*]
set xlabel 'rank r'
set ylabel 'validation loss, nats per token' offset 1,0
do for [task in tasks] {
  of(method, y) = strcol('task') eq task && strcol('method') eq method ? y : NaN
  set title task
  plot file using (column('rank')):(of('lora', column('validation_nll_mean') - column('validation_nll_sd'))): \
                  (of('lora', column('validation_nll_mean') + column('validation_nll_sd'))) with filledcurves linecolor rgb colour(2), \
       file using (column('rank')):(of('lora', column('validation_nll_mean'))) \
         with linespoints linecolor rgb colour(2) linewidth 2 pointtype points(2) pointsize 0.8, \
       file using (left):(of('full', column('validation_nll_mean'))):(right - left):(0) with vectors nohead linecolor rgb black dashtype 2
}
eval legend
plot NaN notitle, keyentry with linespoints linecolor rgb colour(2) linewidth 2 pointtype points(2) title 'LoRA on q, v', \
     keyentry with lines linecolor rgb black dashtype 2 title 'full'
unset multiplot
