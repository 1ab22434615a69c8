namespace Kbus.Cli;

/// <summary><c>kbus listen</c>: prints every message of some names.</summary>
internal static class ListenCommand
{
    /// <summary>Does it.</summary>
    public static int Run(Invocation invocation)
    {
        var printer = new MessagePrinter(invocation);
        IReadOnlyList<string> names = invocation.Arguments.Operands;
        using Ksock ksock = KsockOpening.Open(invocation, KsockMode.Read);
        foreach (string name in names)
        {
            ksock.Bind(name);
        }

        var limit = new StreamLimit(invocation);
        KsockOpening.TellReady(invocation, ksock, $"listening to {string.Join(", ", names)}");
        while (!limit.IsReached)
        {
            if (ksock.WaitForMessage(limit.Left) is not { } message)
            {
                throw limit.TimeOut();
            }

            limit.Step();
            printer.Print(message);
        }

        return ExitCode.Done;
    }
}
