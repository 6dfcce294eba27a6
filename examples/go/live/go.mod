module libpmkt/examples/live

go 1.24

require libpmkt/pmkt v0.0.0

replace libpmkt/pmkt => ../../../bindings/go
