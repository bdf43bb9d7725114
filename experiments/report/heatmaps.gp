# The panels of figures 3, 4 and 8, loaded by them: one column for each entry what/side/value of `panels`, one row
# for Wq and one for Wv, of one task.
task = 'sqlgen'  # or nli, reorder
block = 'blocks.1.attn.'
# A task that was not run has no line; then the first that was.
undefine S_*
stats file using (strcol('task') eq task ? column('phi') : NaN) nooutput name 'S'
if (!exists('S_records')) { task = 'nli'
  stats file using (strcol('task') eq task ? column('phi') : NaN) nooutput name 'S'
  if (!exists('S_records')) { task = 'reorder' } }
field(text, n) = word(swap(text), n)
swap(text) = (at = strstrt(text, '/'), at == 0 ? text : text[1:at-1] . ' ' . swap(text[at+1:*]))
set terminal svg size 980,445 font 'sans-serif,13' background 'white'
set multiplot layout 2,5 columnsfirst margins 0.075,0.99,0.32,0.88 spacing 0.035,0.07
unset grid
set border 15
set size square
set style fill solid 1
set autoscale xfix
set yrange [*:*] reverse
set autoscale yfix
set ytics out scale 0.5 (1, 4, 8, 12, 16)
set palette @sequential
do for [p=1:5] {
  panel = word(panels, p)
  raw = field(panel, 3) eq 'phi'
  if (raw) { set palette @sequential; set cbrange [0:1] } else { set palette @diverging; set cbrange [-1:1] }
  do for [kind in 'q v'] {
    of(what, side) = strcol('task') eq task && strcol('matrix') eq block . kind && strcol('what') eq what && strcol('side') eq side
    if (kind eq 'q') { set title word(titles, p); unset xlabel; set xtics out scale 0.5 ('' 1, '' 4, '' 8, '' 12, '' 16) } \
    else { unset title; set xlabel across offset 0,0.4; set xtics out scale 0.5 (1, 4, 8, 12, 16) }
    if (p == 1) { set ylabel sprintf('ΔW_%s, %s', kind, down) offset 1,0 } else { unset ylabel }
    # The two scales, below the second and the third column.
    unset colorbox
    if (kind eq 'v' && p == 2) { set colorbox horizontal user origin 0.10,0.12 size 0.30,0.035; set cblabel 'φ' offset 0,0.45 }
    if (kind eq 'v' && p == 3) { set colorbox horizontal user origin 0.58,0.12 size 0.30,0.035; set cblabel 'corrected for chance' offset 0,0.45 }
    plot file using (column('j')):(of(field(panel, 1), field(panel, 2)) ? column('i') : NaN):(column(field(panel, 3))) with image pixels
  }
}
unset multiplot
