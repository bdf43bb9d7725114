# What the figures share. Colours are those of Okabe and Ito, which colour-blind readers tell apart; series
# differ in their points too. Data are CSV with a head; a text is compared with strcol('task'), a number is
# column('rank'), and NaN leaves a line of the file out of a series.
set encoding utf8
set datafile separator comma
set datafile columnheaders
set datafile missing NaN
black = '#000000'; grey = '#777777'
colours = '#D55E00 #0072B2 #009E73 #CC79A7 #E69F00 #56B4E9 #000000 #8C6D1F #7B4FA3 #777777'
points(i) = int(word('7 5 9 13 11 6 4 8 12 10', i))
set border 3 linewidth 1 linecolor rgb grey
set tics nomirror
set grid ytics linecolor rgb '#e4e4e4' linewidth 1
set key noautotitle samplen 2 spacing 1.1
