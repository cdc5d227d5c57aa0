// Dumps of the IPv4 routes with the rtnetlink crate. Each line of stdin says how
// many; the reply is how many routes they had and how long they took.

use futures_util::TryStreamExt;
use rtnetlink::RouteMessageBuilder;
use std::io::BufRead;
use std::net::Ipv4Addr;
use std::time::Instant;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (connection, handle, _) = rtnetlink::new_connection().unwrap();
        tokio::spawn(connection);
        println!("ready");
        for line in std::io::stdin().lock().lines() {
            let count: usize = line.unwrap().trim().parse().unwrap();
            let mut objects = 0;
            let begin = Instant::now();
            for _ in 0..count {
                let request = RouteMessageBuilder::<Ipv4Addr>::new().build();
                let routes: Vec<_> =
                    handle.route().get(request).execute().try_collect().await.unwrap();
                objects += routes.len();
            }
            let seconds = begin.elapsed().as_secs_f64();
            println!("{{\"objects\":{objects},\"seconds\":{seconds:.9}}}");
        }
    });
}
