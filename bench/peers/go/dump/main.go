// Dumps of the IPv4 routes with vishvananda/netlink. Each line of stdin
// says how many; the answer is what they had and took.

package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/vishvananda/netlink"
)

func main() {
	fmt.Println("ready")
	questions := bufio.NewScanner(os.Stdin)
	for questions.Scan() {
		count, _ := strconv.Atoi(questions.Text())
		objects := 0
		from := time.Now()
		for ; count > 0; count-- {
			routes, err := netlink.RouteList(nil, netlink.FAMILY_V4)
			if err != nil {
				panic(err)
			}
			objects += len(routes)
		}
		seconds := time.Since(from).Seconds()
		fmt.Printf("{\"objects\":%d,\"seconds\":%.9f}\n", objects, seconds)
	}
}
