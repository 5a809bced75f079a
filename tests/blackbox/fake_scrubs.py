"""A scrub service that is no dncd, for tests of the programs that ask one."""

import concurrent.futures

import grpc


class FakeScrubs:
    """Answers every number with what `verdict(number)` says, over TLS if given a key and a
    certificate (PEM bytes), at a free port unless `address` is another. `callers` are the
    metadata of the calls so far."""

    def __init__(self, stubs, verdict, tls=None, address="127.0.0.1:0"):
        self.stubs, self.verdict, self.callers = stubs, verdict, []
        self.server = grpc.server(concurrent.futures.ThreadPoolExecutor(max_workers=4))
        stubs.scrub_grpc.add_ScrubServiceServicer_to_server(self.servicer(), self.server)
        if tls is None:
            port = self.server.add_insecure_port(address)
        else:
            credentials = grpc.ssl_server_credentials([tls])
            port = self.server.add_secure_port(address, credentials)
        self.address = address if address.startswith("unix:") else f"127.0.0.1:{port}"
        self.server.start()

    def servicer(self):
        fake = self

        class Servicer(self.stubs.scrub_grpc.ScrubServiceServicer):
            # pylint: disable-next=invalid-name
            def Scrub(self, request, context):
                fake.callers.append(dict(context.invocation_metadata()))
                answer = fake.stubs.scrub.ScrubResponse()
                answer.verdicts.extend(fake.verdict(number) for number in request.numbers)
                answer.reasons.extend([0] * len(request.numbers))
                return answer

        return Servicer()

    def stop(self):
        self.server.stop(None)
