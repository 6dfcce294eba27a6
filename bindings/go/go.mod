module libpmkt/pmkt

go 1.24
