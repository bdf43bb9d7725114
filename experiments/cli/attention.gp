# title: Attention
# data: attention.csv
# caption: How much each word (a row) takes from the words before it (columns), head by head. The darker, the more.
load 'style.gp'
file = 'attention.csv'
stats file using (column('block')) name 'B' nooutput
stats file using (column('head')) name 'H' nooutput
stats file using (column('query')) name 'Q' nooutput
stats file using (strcol('model') eq 'adapted' ? 1 : 0) name 'A' nooutput
models = A_max > 0 ? 'base adapted' : 'base'
blocks = int(B_max); heads = int(H_max); last = int(Q_max)
rows = (blocks + 1) * words(models)
set output 'attention.svg'
set terminal svg size 1040,40 + 250 * rows font 'sans-serif,11' background 'white'
set multiplot layout rows,heads + 1 rowsfirst margins 0.09,0.99,0.02,1 - 30.0 / (40 + 250 * rows) spacing 0.012,0.035
unset grid; unset key; unset colorbox; unset xtics; unset ytics
set border 15
set palette @sequential
set cbrange [0:1]
set xrange [-0.5:last + 0.5]
set yrange [last + 0.5:-0.5]
do for [b=0:blocks] { do for [m in models] { do for [h=0:heads] {
  of(y) = strcol('model') eq m && column('block') == b && column('head') == h ? y : NaN
  set title sprintf('%s, block %d, head %d', m, b, h) offset 0,-0.7
  if (h == 0) { set ytics scale 0 font ',9' noenhanced } else { unset ytics }
  if (h == 0) {
    plot file using (of(column('key'))):(column('query')):(0.5):(0.5):(column('weight')):ytic(strcol('query_word')) \
           with boxxyerror fill solid 1 noborder linecolor palette
  } else {
    plot file using (of(column('key'))):(column('query')):(0.5):(0.5):(column('weight')) \
           with boxxyerror fill solid 1 noborder linecolor palette
  }
}}}
unset multiplot
