//go:build !amd64 && !arm64

package kernels

func archTile(Level) floatTile { return floatTileGeneric }
