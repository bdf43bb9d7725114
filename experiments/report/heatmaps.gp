# The panels of figures 3, 4 and 8, loaded by them: one column for each entry what/side/value of `panels`, and for
# each task that was run a row for Wq and one for Wv. An entry without data, as where no labels were permuted, is left out.
block = 'blocks.1.attn.'
eval collect_tasks
field(text, n) = word(swap(text), n)
swap(text) = (at = strstrt(text, '/'), at == 0 ? text : text[1:at-1] . ' ' . swap(text[at+1:*]))
eval collect('what')
shown = ''
do for [p=1:words(panels)] {
  if (strstrt(seen . ' ', ' ' . field(word(panels, p), 1) . ' ') > 0) { shown = shown . p . ' ' }
}
columns = words(shown)
# In points of the page, from its foot: the two scales, then the rows with gaps between them, then the titles.
rows = 2 * words(tasks)
foot = 140.0; row = 130; gap = 22; height = foot + rows * row + (rows - 1) * gap + 40
row_middle(n) = (foot + (rows - n) * (row + gap) + row / 2) / height
set terminal svg size 130 + 170 * columns,height font 'sans-serif,13' background 'white'
set multiplot layout rows,columns columnsfirst margins 0.14,0.99,foot / height,(height - 40) / height \
  spacing 0.035,gap / height
unset grid
set border 15
set size square
set style fill solid 1
set autoscale xfix
set yrange [*:*] reverse
set autoscale yfix
set ytics out scale 0.5 (1, 4, 8, 12, 16)
do for [n=1:rows] {
  set label n sprintf("%s\nΔW_%s", word(tasks, (n + 1) / 2), n % 2 ? 'q' : 'v') at screen 0.01,row_middle(n)
}
of(y) = strcol('what') eq what && strcol('side') eq side && strcol('matrix') eq matrix && strcol('task') eq task ? y : NaN
do for [c=1:columns] {
  p = int(word(shown, c)); panel = word(panels, p)
  # Taken apart here and not for each line of the file, which took most of the time.
  what = field(panel, 1); side = field(panel, 2); value = field(panel, 3)
  raw = value eq 'phi'
  if (raw) { set palette @sequential; set cbrange [0:1] } else { set palette @diverging; set cbrange [-1:1] }
  do for [n=1:rows] {
    task = word(tasks, (n + 1) / 2); matrix = block . (n % 2 ? 'q' : 'v')
    if (n == 1) { set title word(titles, p) } else { unset title }
    if (n == rows) { set xlabel across offset 0,0.4; set xtics out scale 0.5 (1, 4, 8, 12, 16) } \
    else { unset xlabel; set xtics out scale 0.5 ('' 1, '' 4, '' 8, '' 12, '' 16) }
    if (c == 1) { set ylabel down offset 1,0 } else { unset ylabel }
    # The two scales, below the second and the third column.
    unset colorbox
    if (n == rows && c == 2) { set colorbox horizontal user origin 0.15,53 / height size 0.30,15 / height; set cblabel 'φ' offset 0,0.45 }
    if (n == rows && c == 3) { set colorbox horizontal user origin 0.61,53 / height size 0.30,15 / height; set cblabel 'corrected for chance' offset 0,0.45 }
    plot file using (column('j')):(of(column('i'))):(column(value)) with image pixels
    unset label
  }
}
unset multiplot
