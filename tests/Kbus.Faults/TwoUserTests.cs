namespace Kbus.Faults;

/// <summary>Members of different users: each reaches what the sockets' modes allow, and big payloads reach all of them.</summary>
public sealed class TwoUserTests
{
    private const UnixFileMode Open =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    [Fact]
    public Task Big_messages_reach_a_listener_of_another_user() => Limited.Run(random =>
    {
        SkipUnlessRoot();
        using DaemonProcess daemon = DaemonProcess.Start();
        File.SetUnixFileMode(daemon.Directory, Open);
        using Actor stranger = Actor.Start("stranger", daemon.Directory, "$.News.*").Ready();
        using Ksock own = ActorProgram.Open(daemon.Directory);
        own.Bind("$.News.*");
        byte[] data = new byte[400_000];
        string expected;
        using (var buffer = new MessageBuffer())
        {
            ulong chain = 0;
            for (int i = 0; i <= 100; i++)
            {
                Span<byte> part = i == 100 ? default : data.AsSpan(0, random.Next(Content.Least, data.Length));
                if (!part.IsEmpty)
                {
                    Content.Fill(part, (ulong)i);
                }

                own.Send(part.IsEmpty ? "$.News.end"u8 : "$.News.big"u8, part);
                Assert.True(own.TryReadNext(buffer));
                chain = Content.Chain(chain, buffer.Id, buffer.Data);
            }

            expected = $"101 {chain:x}";
        }

        Assert.Equal(expected, stranger.Hear());
    });

    [Fact]
    public Task A_stranger_is_refused_where_the_mode_of_the_sockets_forbids_it() => Limited.Run(_ =>
    {
        SkipUnlessRoot();
        using DaemonProcess daemon = DaemonProcess.Start("--socket-mode", "600");
        File.SetUnixFileMode(daemon.Directory, Open);
        using Actor stranger = Actor.Start("stranger", daemon.Directory, "$.News");
        Assert.Equal("refused EACCES", stranger.Hear());
    });

    private static void SkipUnlessRoot() => Assert.SkipUnless(Environment.UserName == "root", "only root can become another user");
}
