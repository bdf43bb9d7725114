# title: Figure 4: do two seeds agree on their directions?
# data: ../figure4/figure4.csv
# caption: φ(i,j) between adapters of r = 16 from two seeds, mean over all pairs, for ΔWq and ΔWv of the last block,
# caption: between two Gaussian matrices (the floor), and between a seed and the same again with other rounding (the
# caption: ceiling). Blue: 0 to 1 as it is. Corrected for chance: white is what random directions give, orange is more.
# caption: Permuted labels: BA of adapters with nothing to learn but their examples, corrected.
load 'style.gp'
set output 'figure4.svg'
file = '../figure4/figure4.csv'
across = 'one seed'; down = 'another seed'
panels = 'gaussian/A/phi seeds/A/phi seeds/A/corrected seeds/BA-right/phi seeds/BA-right/corrected seeds-permuted/BA-right/corrected rounding/BA-right/corrected'
titles = '"Gaussian" "A" "A, corrected" "BA" "BA, corrected" "permuted labels" "other rounding"'
load 'heatmaps.gp'
