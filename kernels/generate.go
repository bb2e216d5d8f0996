package kernels

//go:generate go -C _gen run ./avx2 -out ../avx2_amd64.s -stubs ../avx2_amd64.go -pkg kernels
//go:generate go -C _gen run ./avx512 -out ../avx512_amd64.s -stubs ../avx512_amd64.go -pkg kernels
//go:generate go -C _gen run ./matmul -out ../matmul_amd64.s -stubs ../matmulstubs_amd64.go -pkg kernels
//go:generate go -C _gen run ./sse41 -out ../sse41_amd64.s -stubs ../sse41stubs_amd64.go -pkg kernels
//go:generate go -C .. run kernels/_gen/avxvnni/main.go
//go:generate go -C .. run kernels/_gen/arm64/main.go kernels/_gen/arm64/kernels.go kernels/_gen/arm64/rows.go kernels/_gen/arm64/tiles.go
