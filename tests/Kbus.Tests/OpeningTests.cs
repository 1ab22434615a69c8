using System.Buffers.Binary;
using System.Net.Sockets;
using Kbus.Core;
using Kbus.Link;

namespace Kbus.Tests;

/// <summary>Ksocks that are opened on a daemon, and closed, without blocking; and what is told when they cannot be opened.</summary>
public sealed class OpeningTests
{
    [Fact]
    public Task Closing_asynchronously_does_not_wait_on_the_callers_thread_for_a_bus_that_is_held_up() => Limited.Run(async () =>
    {
        using var buses = new LinkedBuses(new BusOptions(), 1);
        await using Ksock ksock = buses.Open(0, KsockMode.ReadWrite, new KsockOptions());
        using var letGo = new ManualResetEventSlim();
        buses.Hold(letGo);
        ValueTask closing = ksock.DisposeAsync();
        ValueTask again = ksock.DisposeAsync();
        Assert.False(closing.IsCompleted);
        Assert.False(again.IsCompleted);
        Assert.True(ksock.IsClosed);
        letGo.Set();
        await closing;
        await again;
    });

    [Fact]
    public Task Opening_asynchronously_opens_a_Ksock_or_says_why_not() => Limited.Run(async () =>
    {
        using var buses = new LinkedBuses(new BusOptions(), 1);
        CancellationToken token = TestContext.Current.CancellationToken;
        await using Ksock ksock = await Ksock.OpenAsync(0, KsockMode.Read, buses.Options, token);
        Assert.Equal("Ksock device 0, id 1, mode read", ksock.ToString());
        KbusException refusal = await Assert.ThrowsAsync<KbusException>(() => Ksock.OpenAsync(7, options: buses.Options, cancellationToken: token));
        Assert.Equal(Errno.ENOENT, refusal.Errno);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Ksock.OpenAsync(0, options: buses.Options, cancellationToken: new CancellationToken(true)));
    });

    [Fact]
    public Task Opening_asynchronously_does_not_block_while_nobody_answers_and_can_be_given_up() => Limited.Run(async () =>
    {
        using var impostor = new Impostor(_ => false);
        using var giveUp = new CancellationTokenSource();
        Task<Ksock> opening = Ksock.OpenAsync(0, options: impostor.Options with { OpenTimeout = TimeSpan.FromHours(1) }, cancellationToken: giveUp.Token);
        Assert.False(opening.IsCompleted);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => opening);
    });

    [Fact]
    public Task A_Ksock_that_is_opened_after_it_was_given_up_is_closed_again() => Limited.Run(async () =>
    {
        using var buses = new LinkedBuses(new BusOptions(), 1);
        using Ksock watching = buses.Open(0, KsockMode.ReadWrite, new KsockOptions());
        using (var letGo = new ManualResetEventSlim())
        using (var giveUp = new CancellationTokenSource())
        {
            // The bus opens it only after the call has ended.
            buses.Hold(letGo);
            Task<Ksock> opening = Ksock.OpenAsync(0, options: buses.Options, cancellationToken: giveUp.Token);
            await giveUp.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => opening);
            letGo.Set();
        }

        // Ids are given in their order: one that is missing is that of the Ksock which nobody wanted any more.
        for (uint next = watching.Id + 1; ; next++)
        {
            using Ksock later = buses.Open(0, KsockMode.ReadWrite, new KsockOptions());
            if (later.Id != next)
            {
                break;
            }
        }

        while (buses.OpenKsocks != 1)
        {
            await Task.Yield();
        }
    });

    [Fact]
    public Task A_kbusd_that_ends_in_the_middle_of_opening_is_not_called_one_of_another_version() => Limited.Run(() =>
    {
        using var impostor = new Impostor(_ => true);
        KbusException refusal = Assert.Throws<KbusException>(() => Ksock.Open(0, options: impostor.Options));
        Assert.Equal(
            "ECONNRESET: Bus 0 hung up before it had opened a Ksock: its kbusd has ended. " + KbusErrors.Advice(Errno.ECONNRESET),
            refusal.Message);
    });

    [Fact]
    public Task What_is_no_kbusd_is_not_called_a_kbusd_of_another_version() => Limited.Run(() =>
    {
        using var impostor = new Impostor(c => c.Send(new byte[4096]) > 0);
        KbusException refusal = Assert.Throws<KbusException>(() => Ksock.Open(0, options: impostor.Options));
        Assert.Equal(
            "EPROTO: What answers at bus 0 is not a kbusd. See which program listens there, or use another directory (KBUS_RUNTIME_DIR).",
            refusal.Message);
    });

    [Theory]
    [InlineData(3u, 0u, "speaks version 3 of", "Restart kbusd, ")]
    [InlineData(9u, 7u, "speaks versions 7 to 9 of", "Update the library ")]
    public Task A_kbusd_of_another_version_is_told_by_which_side_is_older_and_what_to_do(uint newest, uint oldest, string speaks, string advice) => Limited.Run(() =>
    {
        byte[] refusal = BusWelcome.Refusal((int)Errno.EPROTO, "Whatever that version says.").Encode();
        BinaryPrimitives.WriteUInt32LittleEndian(refusal.AsSpan(4), newest);
        BinaryPrimitives.WriteUInt32LittleEndian(refusal.AsSpan(52), oldest);
        using var impostor = new Impostor(c => c.Send(refusal) > 0);
        KbusException refused = Assert.Throws<KbusException>(() => Ksock.Open(0, options: impostor.Options));
        Assert.StartsWith(
            $"EPROTO: The kbusd of bus 0 {speaks} the link, and this library speaks {LinkVersions.Ours}. {advice}", refused.Message, StringComparison.Ordinal);
    });

    [Fact]
    public Task A_refusal_is_read_though_the_other_side_hung_up_before_it_had_heard_what_is_wanted() => Limited.Run(() =>
    {
        byte[] refusal = BusWelcome.Refusal((int)Errno.EMFILE, "There is no descriptor left.").Encode();
        using var impostor = new Impostor(c => c.Send(refusal) > 0);
        for (int i = 0; i < 50; i++)
        {
            KbusException refused = Assert.Throws<KbusException>(() => Ksock.Open(0, options: impostor.Options));
            Assert.Equal(Errno.EMFILE, refused.Errno);
            Assert.StartsWith("EMFILE: There is no descriptor left. ", refused.Message, StringComparison.Ordinal);
        }
    });

    [Fact]
    public Task A_kbusd_that_does_not_answer_when_a_Ksock_is_opened_is_not_told_as_a_Request_in_flight() => Limited.Run(() =>
    {
        using var impostor = new Impostor(_ => false);
        KbusException refusal = Assert.Throws<KbusException>(
            () => Ksock.Open(0, options: impostor.Options with { OpenTimeout = TimeSpan.FromMilliseconds(10) }));
        Assert.StartsWith("ETIMEDOUT: Bus 0 did not answer within 0.01 s. See whether kbusd was stopped", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Request", refusal.Message, StringComparison.Ordinal);
    });

    [Fact]
    public Task What_a_stranger_answers_steers_no_terminal() => Limited.Run(() =>
    {
        byte[] refusal = BusWelcome.Refusal((int)Errno.EMFILE, "none \u009b31m left\u001b[2J\n").Encode();
        using var impostor = new Impostor(c => c.Send(refusal) > 0);
        KbusException refused = Assert.Throws<KbusException>(() => Ksock.Open(0, options: impostor.Options));
        Assert.StartsWith(@"EMFILE: none \xc2\x9b31m left\x1b[2J\x0a ", refused.Message, StringComparison.Ordinal);
    });

    [Theory]
    [InlineData(true, "'kbus policy explain' shows which rule decides.")]
    [InlineData(false, "Let kbusd make this system call, for example by SystemCallFilter= in its unit.")]
    public Task Only_a_refusal_by_the_policy_gets_the_advice_about_it(bool isByPolicy, string advice) => Limited.Run(() =>
    {
        byte[] refusal = BusWelcome.Refusal((int)Errno.EPERM, "It is not allowed.", isByPolicy).Encode();
        using var impostor = new Impostor(c => c.Send(refusal) > 0);
        KbusException refused = Assert.Throws<KbusException>(() => Ksock.Open(0, options: impostor.Options));
        Assert.StartsWith("EPERM: It is not allowed. ", refused.Message, StringComparison.Ordinal);
        Assert.EndsWith(advice, refused.Message, StringComparison.Ordinal);
    });

    [Fact]
    public Task Without_a_kbusd_one_piece_of_advice_is_given() => Limited.Run(() =>
    {
        string nowhere = Path.Join(Path.GetTempPath(), $"kbus-{Guid.NewGuid()}");
        KbusException refusal = Assert.Throws<KbusException>(
            () => Ksock.Open(0, options: new KsockOptions { RuntimeDirectory = nowhere, StartDaemon = false }));
        Assert.Equal(Errno.ENOENT, refusal.Errno);
        Assert.StartsWith($"ENOENT: No kbusd answers in {nowhere}. ", refusal.Message, StringComparison.Ordinal);
        Assert.EndsWith(". This Ksock is not to start one (KsockOptions.StartDaemon). Start one with 'kbusd'.", refusal.Message, StringComparison.Ordinal);
        using var kbus = new EmbeddedKbus(buses: 2);
        Assert.StartsWith(
            "ENOENT: There is no bus 2. Check the number: ", Assert.Throws<KbusException>(() => kbus.Open(2)).Message, StringComparison.Ordinal);
    });
}
