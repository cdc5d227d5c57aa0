// golang.org/x/net: batches by recvmmsg and sendmmsg; replies leave from the
// address that was asked. IPv4 only, as the batches of ipv4.PacketConn are.

package main

import (
	"fmt"
	"net"

	"golang.org/x/net/ipv4"
)

const batch = 64

func main() {
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{})
	if err != nil {
		panic(err)
	}
	socket.SetReadBuffer(4 << 20)
	conn := ipv4.NewPacketConn(socket)
	if err := conn.SetControlMessage(ipv4.FlagDst, true); err != nil {
		panic(err)
	}
	fmt.Printf("listening on 0.0.0.0:%d\n", socket.LocalAddr().(*net.UDPAddr).Port)
	requests := make([]ipv4.Message, batch)
	replies := make([]ipv4.Message, batch)
	for i := range requests {
		requests[i].Buffers = [][]byte{make([]byte, 65535)}
		requests[i].OOB = ipv4.NewControlMessage(ipv4.FlagDst)
		replies[i].Buffers = make([][]byte, 1)
	}
	var control ipv4.ControlMessage
	for {
		count, err := conn.ReadBatch(requests, 0)
		if err != nil {
			continue
		}
		for i := range requests[:count] {
			request, reply := &requests[i], &replies[i]
			reply.Buffers[0] = request.Buffers[0][:request.N]
			reply.Addr = request.Addr
			if control.Parse(request.OOB[:request.NN]) == nil {
				source := ipv4.ControlMessage{Src: control.Dst}
				reply.OOB = source.Marshal()
			}
		}
		for sent := 0; sent < count; {
			done, err := conn.WriteBatch(replies[sent:count], 0)
			if err != nil {
				done = 1
			}
			sent += done
		}
	}
}
