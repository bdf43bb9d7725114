# title: Learning against forgetting
# data: ../forgetting/forgetting.csv
# caption: A point for each run. To the right: more learned of the new task; upwards: more forgotten of the
# caption: other pre-training tasks, as the rise of their loss. The frozen base is at no forgetting.
load 'style.gp'
set output 'forgetting.svg'
set terminal svg size 980,400 font 'sans-serif,14' background 'white'
file = '../forgetting/forgetting.csv'
eval collect_ranks('rank')
eval panels
set xrange [-3:103]
set yrange [*:*]
set grid xtics ytics linecolor rgb '#e4e4e4' linewidth 1 dashtype 1
set ylabel 'forgetting, nats per token' offset 1.5,0
do for [task in tasks] {
  lora(r, y) = strcol('task') eq task && strcol('method') eq 'lora' && column('rank') == r ? y : NaN
  of(method, y) = strcol('task') eq task && strcol('method') eq method ? y : NaN
  set title task
  set xlabel score(task)
  plot for [i=1:words(ranks)] file using (100 * column('score')):(lora(int(word(ranks, i)), column('forgetting_others'))) \
         with points linecolor rgb colour(i) pointtype points(i) pointsize 1, \
       file using (100 * column('score')):(of('full', column('forgetting_others'))) \
         with points linecolor rgb black pointtype 2 linewidth 2 pointsize 1, \
       file using (100 * column('score')):(of('frozen', column('forgetting_others'))) \
         with points linecolor rgb black pointtype 1 linewidth 2 pointsize 1
}
eval legend
plot NaN notitle, for [i=1:words(ranks)] keyentry with points linecolor rgb colour(i) pointtype points(i) title 'LoRA r = ' . word(ranks, i), \
     keyentry with points linecolor rgb black pointtype 2 linewidth 2 title 'full', \
     keyentry with points linecolor rgb black pointtype 1 linewidth 2 title 'frozen'
unset multiplot
