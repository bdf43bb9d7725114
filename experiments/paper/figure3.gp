# title: Figure 3: do adapters of r = 8 and r = 16 agree on their directions?
# data: ../figure3/figure3.csv
# caption: φ(i,j), how much of the first i directions at r = 8 lies within the first j at r = 16, mean over the
# caption: repetitions, for ΔWq and ΔWv of the last block. From A before any step and after training, as the
# caption: paper does, and from BA. Blue: 0 to 1 as it is. Corrected for chance: white is what random directions
# caption: give, orange is more. φ grows with i and j by chance alone. Permuted labels: BA
# caption: of adapters with nothing to learn but their examples, corrected.
load 'style.gp'
set output 'figure3.svg'
file = '../figure3/figure3.csv'
across = 'r = 16'; down = 'r = 8'
panels = 'start/A/phi r8-r16/A/phi r8-r16/A/corrected r8-r16/BA-right/phi r8-r16/BA-right/corrected r8-r16-permuted/BA-right/corrected'
titles = '"A before" "A" "A, corrected" "BA" "BA, corrected" "permuted labels"'
load 'heatmaps.gp'
