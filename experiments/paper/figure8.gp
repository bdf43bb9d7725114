# title: Figure 8: do the directions of ΔW lie in the top ones of W?
# data: ../figure8/figure8.csv
# caption: φ(i,j) between the first i directions of ΔW and the first j of W, mean over the repetitions, for Wq and Wv
# caption: of the last block; right-singular vectors. Blue: 0 to 1 as it is. Corrected for chance: white is what
# caption: random directions give, orange more, blue less; the 0.2 of the paper is 0.11 so. Permuted labels: r = 16 of
# caption: adapters with nothing to learn but their examples, corrected.
load 'style.gp'
set output 'figure8.svg'
file = '../figure8/figure8.csv'
across = 'W'; down = 'ΔW'
panels = 'random/BA-right/phi r4/BA-right/phi r4/BA-right/corrected r16/BA-right/phi r16/BA-right/corrected r16-permuted/BA-right/corrected'
titles = '"random" "r = 4" "r = 4, corrected" "r = 16" "r = 16, corrected" "permuted labels"'
load 'heatmaps.gp'
