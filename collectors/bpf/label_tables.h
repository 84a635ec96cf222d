// SPDX-License-Identifier: Apache-2.0
// Names of numbers that the kernel's user interface fixes. Empty text: no name here.
#pragma once

#include <cstdint>
#include <string_view>

namespace kernstat::bpf {

/// blk_status_t (include/linux/blk_types.h), as the kernel's own messages spell it.
std::string_view block_status_name(std::uint64_t status);
/// System calls of the ABI that this program was built for (asm/unistd.h).
std::string_view syscall_name(std::uint64_t number);
/// include/net/tcp_states.h
std::string_view tcp_state_name(std::uint64_t state);
/// AF_… (bits/socket.h)
std::string_view address_family_name(std::uint64_t family);
/// IPPROTO_… (linux/in.h, linux/in6.h)
std::string_view ip_protocol_name(std::uint64_t protocol);
/// ETH_P_… in host order (linux/if_ether.h)
std::string_view ether_type_name(std::uint64_t type);
/// linux/magic.h, and those that only the file systems' own sources name
std::string_view fs_magic_name(std::uint64_t magic);

}  // namespace kernstat::bpf
