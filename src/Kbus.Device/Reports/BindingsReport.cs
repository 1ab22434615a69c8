using System.Globalization;
using System.Text;
using Kbus.Core;

namespace Kbus.Device;

/// <summary>The content of the file <c>bindings</c>: for each bus a comment line, then its bindings, newest first. Spec section 9.1.</summary>
/// <remarks>The bus is left after each page, so that others wait for one page at most. What is bound or unbound meanwhile is there or not.</remarks>
internal static class BindingsReport
{
    /// <summary>Writes the report.</summary>
    public static byte[] Make(IReadOnlyList<DeviceBus> buses)
    {
        var text = new StringBuilder();
        foreach (DeviceBus bus in buses)
        {
            text.Append("# <device> is bound to <Ksock-ID> in <process-PID> as <Replier|Listener> for <message-name>\n");
            ReportPages.Read(bus, bus.Bus.AllBindings, observe: null, binding => Describe(text, bus.Number, binding));
        }

        return Encoding.ASCII.GetBytes(text.ToString());
    }

    private static void Describe(StringBuilder text, uint number, Binding binding)
    {
        // What a closed Ksock still has counts for nobody.
        if (!binding.Ksock.IsLeaving)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"{number,3}: {binding.Ksock.Id,8} {binding.Ksock.Carrier.Owner.ProcessId,8}  {(binding.IsReplier ? 'R' : 'L')}  ");
            text.Append(Encoding.ASCII.GetString(binding.Name.Name)).Append('\n');
        }
    }
}
