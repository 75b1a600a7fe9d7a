module example.org/cronwatch

go 1.22
