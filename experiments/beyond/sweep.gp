# title: @TASK@ against @AXIS@
# data: @NAME@.figure.csv
# caption: Mean over the seeds; the band is ± one standard deviation. Places on the axis are the values that were
# caption: run, at equal distances; the other fields that were varied are lines.
load 'style.gp'
set output '@NAME@.svg'
set terminal svg size 760,440 font 'sans-serif,14' background 'white'
file = '@NAME@.figure.csv'
array label[@COUNT@] = [@LABELS@]
lines = @COUNT@
stats file using (column('x')) nooutput
set xrange [STATS_min - 0.3:STATS_max + 0.3]
set yrange [0:105]
set xlabel '@AXIS@'
set ylabel @SCORE@ offset 1,0
set xtics () noenhanced
set key below noenhanced
of(i, y) = column('line') == i ? y : NaN
plot for [i=0:lines-1] file using (column('x')):(of(i, column('mean') - column('sd'))):(of(i, column('mean') + column('sd'))) \
       with filledcurves linecolor rgb colour(i % 10 + 1) notitle, \
     for [i=0:lines-1] file using (column('x')):(of(i, column('mean'))):xticlabels(strcol('x_label')) \
       with linespoints linecolor rgb colour(i % 10 + 1) linewidth 2 pointtype points(i % 10 + 1) pointsize 0.8 title label[i + 1]
