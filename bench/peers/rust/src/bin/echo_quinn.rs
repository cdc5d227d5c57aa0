// quinn-udp: recvmmsg with UDP_GRO; each reply is sent by one sendmsg, with
// UDP_SEGMENT where segments were received, from the address that was asked.
//
//   echo_quinn PORT

use quinn_udp::{RecvMeta, Transmit, UdpSocketState, BATCH_SIZE};
use std::io::{ErrorKind, IoSliceMut};
use std::net::UdpSocket;
use std::os::fd::AsRawFd;

const BUFFER: usize = 65536 + 64;
const RECEIVE_BUFFER: usize = 4 << 20;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).unwrap_or("0".into());
    let socket = UdpSocket::bind(format!("[::]:{port}"))?;
    let state = UdpSocketState::new((&socket).into())?;
    // SAFETY: the option is an int of this frame.
    unsafe {
        let size = RECEIVE_BUFFER as libc::c_int;
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_RCVBUFFORCE,
            (&raw const size).cast(),
            size_of::<libc::c_int>() as libc::socklen_t,
        );
    }
    println!("listening on [::]:{}", socket.local_addr()?.port());
    let mut memory = vec![0u8; BATCH_SIZE * BUFFER];
    let mut meta = [RecvMeta::default(); BATCH_SIZE];
    loop {
        let mut slices: Vec<IoSliceMut> =
            memory.chunks_mut(BUFFER).map(IoSliceMut::new).collect();
        let count = match state.recv((&socket).into(), &mut slices, &mut meta) {
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                wait(&socket, libc::POLLIN);
                continue;
            }
            Err(_) => continue,
        };
        for (received, bytes) in meta[..count].iter().zip(&slices) {
            let transmit = Transmit {
                destination: received.addr,
                ecn: None,
                contents: &bytes[..received.len],
                segment_size: (received.stride < received.len).then_some(received.stride),
                src_ip: received.dst_ip,
            };
            while let Err(error) = state.try_send((&socket).into(), &transmit) {
                if error.kind() != ErrorKind::WouldBlock {
                    break;
                }
                wait(&socket, libc::POLLOUT);
            }
        }
    }
}

/// quinn-udp makes the socket nonblocking.
fn wait(socket: &UdpSocket, events: libc::c_short) {
    let mut one = libc::pollfd { fd: socket.as_raw_fd(), events, revents: 0 };
    // SAFETY: one entry.
    unsafe { libc::poll(&mut one, 1, -1) };
}
