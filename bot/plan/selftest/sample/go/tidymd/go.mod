module example.org/tidymd

go 1.22
