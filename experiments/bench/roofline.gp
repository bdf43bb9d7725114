# title: Roofline: speed against operations per byte
# data: roofline.csv
# caption: A point is a kernel of a training step; the lines are what the processor can do at most.
load 'style.gp'
set output 'roofline.svg'
set terminal svg size 780,470 font 'sans-serif,14' background 'white'
file = 'roofline.csv'
configs = 'toy small gpt2'
roof(kind, what) = strcol('kind') eq kind && strcol('what') eq what ? column('gflops') : NaN
stats file using (roof('peak', 'multiply-adds')) name 'peak' nooutput
stats file using (roof('bandwidth', 'memory')) name 'memory' nooutput
stats file using (roof('bandwidth', 'L2')) name 'L2' nooutput
peak = peak_max; memory = memory_max; L2 = L2_max
least(a, b) = a < b ? a : b
set logscale xy
left = 0.05; right = 250; bottom = 0.5 * left * memory; top = 2 * peak
set xrange [left:right]
set yrange [bottom:top]
set margins at screen 0.11, screen 0.97, screen 0.15, screen 0.96
# Of a line with slope 1, on the page.
slant = atan2(470 * 0.81 / log(top / bottom), 780 * 0.86 / log(right / left)) * 180 / pi
set xlabel 'operations per byte of operands and result'
set ylabel '10⁹ operations per second' offset 1,0
set grid xtics ytics linecolor rgb '#e4e4e4' linewidth 1 dashtype 1
set key bottom right samplen 2
set samples 400
set label sprintf('peak, %.0f GFLOP/s', peak) at 1.1 * left, 1.35 * peak
set label sprintf('L2, %.0f GB/s', L2) at 1.1 * left, 1.5 * left * L2 rotate by slant
set label sprintf('memory, %.0f GB/s', memory) at 1.1 * left, 1.5 * left * memory rotate by slant
of(kind, config) = strcol('kind') eq kind && strcol('config') eq config ? column('gflops') : NaN
plot peak with lines linecolor rgb black linewidth 1.5 notitle, \
     least(peak, L2 * x) with lines linecolor rgb grey linewidth 1.5 notitle, \
     least(peak, memory * x) with lines linecolor rgb grey linewidth 1.5 dashtype 2 notitle, \
     for [i=1:3] file using (column('flops_per_byte')):(of('product', word(configs, i))) with points \
       linecolor rgb colour(i) pointtype points(i) pointsize 0.9 title 'products, ' . word(configs, i), \
     for [i=1:3] file using (column('flops_per_byte')):(of('sum', word(configs, i))) with points \
       linecolor rgb colour(i) pointtype points(i) - 1 pointsize 0.9 linewidth 1.5 title 'sums, ' . word(configs, i)
