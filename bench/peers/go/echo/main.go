// Go's net, which cannot choose the source of an answer.

package main

import (
	"fmt"
	"net"
)

func main() {
	socket, err := net.ListenUDP("udp", &net.UDPAddr{})
	if err != nil {
		panic(err)
	}
	socket.SetReadBuffer(4 << 20)
	fmt.Printf("listening on [::]:%d\n", socket.LocalAddr().(*net.UDPAddr).Port)
	buffer := make([]byte, 65535)
	for {
		length, peer, err := socket.ReadFromUDPAddrPort(buffer)
		if err != nil {
			continue
		}
		socket.WriteToUDPAddrPort(buffer[:length], peer)
	}
}
