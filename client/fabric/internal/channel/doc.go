// Package channel is a Fabric channel's configuration, as far as it decides whether a block may be believed: which
// organisations there are, how their certificates are known, and what signatures of orderers a block must carry.
//
//	configuration block ─▶ Parse ─▶ Config ─▶ Verify(header, metadata) of the blocks that follow
//
// It evaluates the channel's own policy /Channel/Orderer/BlockValidation as Fabric's peers do (Fabric 3.1,
// protoutil.BlockSignatureVerifier, common/cauthdsl, msp): under SmartBFT that is a quorum of the consenters in the
// configuration, under Raft any orderer of any organisation. A policy that it cannot evaluate is an error, never a pass.
//
// Certificates are judged as of their own beginning, as Fabric does: a block stays what it is when its orderer's certificate
// expires.
package channel
